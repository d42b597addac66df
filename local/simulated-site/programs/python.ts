import { failure, type Program } from './program';

const TRACEBACK = 'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n';
/** As pbr 5.10 of Debian 12 printed it. */
const NO_PACKAGE =
  'Exception: Versioning for this project requires either an sdist tarball, or access to an upstream git repository. ' +
  "It's also possible that there is a mismatch between the package name in setup.cfg and the argument given to " +
  'pbr.version.VersionInfo. Project name magnum was given, but was not able to be found.';
/** With which pbr tells a version. */
const VERSION_OF_MAGNUM = /^import pbr\.version; print\(pbr\.version\.VersionInfo\('magnum'\)\.version_string\(\)\)$/;

/**
 * python3 -c 'import MODULE; …', of which the rest does nothing, unless it asks pbr for Magnum's version; Python 2 has another name
 * for the error.
 */
function pythonOf(name: 'python' | 'python2' | 'python3'): Program {
  return ({ arguments: given, controller }) => {
    const [flag, code = '', ...more] = given;
    const [, module = ''] = /^import (\w+)[.\w]*(;.*)?$/.exec(code) ?? [];
    if (flag !== '-c' || module === '' || more.length > 0) return failure(`usage: ${name} -c "import MODULE"`, 2);
    // Magnum's modules are those of the Python that runs it.
    const magnums = controller.generation.python.includes('python3') === (name === 'python3');
    if (magnums && controller.pythonModules.has(module)) {
      if (!VERSION_OF_MAGNUM.test(code)) return { exit: 0 };
      return controller.magnumVersion === ''
        ? failure(`${TRACEBACK}${NO_PACKAGE}`)
        : { exit: 0, stdout: `${controller.magnumVersion}\n` };
    }
    const error =
      name === 'python3'
        ? `ModuleNotFoundError: No module named '${module}'`
        : `ImportError: No module named ${module}`;
    return failure(`${TRACEBACK}${error}`);
  };
}

export const python = pythonOf('python');
export const python2 = pythonOf('python2');
export const python3 = pythonOf('python3');
