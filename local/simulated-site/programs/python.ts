import { failure, type Program } from './program';

/** python3 -c 'import MODULE; …', of which the rest does nothing; Python 2 has another name for the error. */
function pythonOf(name: 'python' | 'python2' | 'python3'): Program {
  return ({ arguments: given, controller }) => {
    const [flag, code = '', ...more] = given;
    const [, module = ''] = /^import (\w+)(;.*)?$/.exec(code) ?? [];
    if (flag !== '-c' || module === '' || more.length > 0) return failure(`usage: ${name} -c "import MODULE"`, 2);
    // Magnum's modules are those of the Python that runs it.
    const magnums = controller.generation.python.includes('python3') === (name === 'python3');
    if (magnums && controller.pythonModules.has(module)) return { exit: 0 };
    const error =
      name === 'python3'
        ? `ModuleNotFoundError: No module named '${module}'`
        : `ImportError: No module named ${module}`;
    return failure(`Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n${error}`);
  };
}

export const python = pythonOf('python');
export const python2 = pythonOf('python2');
export const python3 = pythonOf('python3');
