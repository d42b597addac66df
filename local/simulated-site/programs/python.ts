import { failure, type Program } from './program';

/** python3 -c 'import MODULE; …', of which the rest does nothing */
export const python3: Program = ({ arguments: given, controller }) => {
  const [flag, code = '', ...more] = given;
  const [, module = ''] = /^import (\w+)(;.*)?$/.exec(code) ?? [];
  if (flag !== '-c' || module === '' || more.length > 0) return failure('usage: python3 -c "import MODULE"', 2);
  if (controller.pythonModules.has(module)) return { exit: 0 };
  return failure(
    `Traceback (most recent call last):\n  File "<string>", line 1, in <module>\nModuleNotFoundError: No module named '${module}'`,
  );
};
