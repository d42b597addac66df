import { SystemError } from '../filesystem';
import { connectToDatabase, NEWEST_REVISION } from '../openstack';
import { ParseError, parseOsloConfig, readOsloConfig } from '../oslo-config';
import { failure, type Program } from './program';

/** magnum-conductor --config-file FILE --version: oslo.config parses the file when it comes to the first option. */
export const magnumConductor: Program = async ({ arguments: given, controller, sleep, timings, who }) => {
  const [option, path, version, ...more] = given;
  if (option !== '--config-file' || path === undefined || version !== '--version' || more.length > 0) {
    return failure(
      `usage: magnum [-h] [--config-dir DIR] [--config-file PATH] [--version]\nmagnum: error: unrecognized arguments: ${given.join(' ')}`,
      2,
    );
  }
  await sleep(timings.magnumVersion);
  try {
    parseOsloConfig(controller.files.read(path, who), path);
  } catch (error) {
    if (error instanceof ParseError) {
      return failure(`${TRACEBACK}oslo_config.cfg.ConfigFileParseError: Failed to parse ${path}: ${error.message}`);
    }
    // A file that is not there is only noted, and --version ends the program before anybody looks at the note.
    if (!(error instanceof SystemError)) throw error;
  }
  return { exit: 0, stdout: `${controller.magnumVersion}\n` };
};

const TRACEBACK = `Traceback (most recent call last):
  File "/usr/bin/magnum-conductor", line 10, in <module>
    sys.exit(main())
  File "/usr/lib/python3/dist-packages/magnum/cmd/conductor.py", line 46, in main
    magnum_service.prepare_service(sys.argv)
  File "/usr/lib/python3/dist-packages/oslo_config/cfg.py", line 1593, in _parse_file
    raise ConfigFileParseError(pe.filename, str(pe))
`;

/** magnum-db-manage --config-file FILE version|upgrade */
export const magnumDbManage: Program = async ({ arguments: given, controller, sleep, timings, who }) => {
  const [option, path, action = '', ...more] = given;
  if (option !== '--config-file' || path === undefined || !/^(version|upgrade)$/.test(action) || more.length > 0) {
    return failure(`usage: magnum [-h] [--config-file PATH] {version,upgrade,stamp,revision} ...`, 2);
  }
  await sleep(timings.magnumVersion);
  const { backing, site } = controller;
  let error: string | undefined;
  try {
    const config = readOsloConfig(path, controller.files.read(path, who));
    error = connectToDatabase(config, site, backing);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  if (error !== undefined)
    return failure(`Traceback (most recent call last):\noslo_db.exception.DBConnectionError: ${error}`);
  const { databases } = backing.database;
  const { name } = site.magnum.database;
  const before = databases.get(name) ?? null;
  if (action === 'version') return { exit: 0, stdout: `Current DB revision is ${before ?? 'None'}\n` };
  databases.set(name, NEWEST_REVISION);
  return { exit: 0, changed: before !== NEWEST_REVISION };
};
