#!/usr/bin/env python3
"""Rewrites domain/site/secret-options.json: the options that OpenStack itself marks as secret.

    python3 bin/secret-options.py

Needs Python 3.11 or later and a package index for pip; takes about two minutes. Packages go into a temporary directory.
"""

import collections
import collections.abc
import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import types
import venv
from importlib import metadata

TARGET = os.path.join(os.path.dirname(__file__), '..', 'domain', 'site', 'secret-options.json')

# What reads magnum.conf: Magnum and the libraries whose options it takes over.
PACKAGES = [
    'magnum',
    'keystonemiddleware',
    'keystoneauth1',
    'oslo.messaging',
    'oslo.db',
    'oslo.cache',
    'oslo.middleware',
    'oslo.log',
    'oslo.policy',
    'oslo.service',
    'oslo.reports',
    'oslo.concurrency',
    'osprofiler',
    'castellan',
]

# The same, of releases whose options have gone since. Put over the newest packages, without dependencies of their own: only
# the modules that define options are imported. oslo.messaging from Ocata to Stein is no Python 3.7 and stays out.
OLD_RELEASES = {
    'newton': [
        'keystonemiddleware==4.9.1',
        'keystoneauth1==2.12.3',
        'oslo.messaging==5.10.0',
        'oslo.db==4.13.6',
        'oslo.cache==1.14.0',
        'osprofiler==1.4.0',
        'castellan==0.4.0',
    ],
    'pike': [
        'magnum==5.0.2',
        'keystonemiddleware==4.17.1',
        'keystoneauth1==3.1.1',
        'oslo.db==4.25.2',
        'oslo.cache==1.25.2',
        'osprofiler==1.11.1',
        'castellan==0.12.3',
    ],
    'train': [
        'magnum==9.4.1',
        'keystonemiddleware==7.0.1',
        'keystoneauth1==3.17.4',
        'oslo.messaging==10.2.4',
        'oslo.db==5.0.2',
        'oslo.cache==1.37.1',
        'osprofiler==2.8.2',
        'castellan==1.3.4',
    ],
    'antelope': [
        'magnum==16.0.3',
        'keystonemiddleware==10.2.0',
        'keystoneauth1==5.1.3',
        'oslo.messaging==14.2.5',
        'oslo.db==12.3.3',
        'oslo.cache==3.3.1',
        'osprofiler==3.4.3',
        'castellan==4.1.0',
    ],
}

# Any section that has keystoneauth's options.
ANY = '*'


def main():
    with tempfile.TemporaryDirectory() as directory:
        home = os.path.join(directory, 'newest')
        venv.create(home, with_pip=True)
        python = os.path.join(home, 'bin', 'python')
        pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
        # keystoneauth's SAML plugins are not imported without lxml.
        subprocess.check_call(pip + PACKAGES + ['lxml'])
        found = [collected(python, None)]
        for release, pins in OLD_RELEASES.items():
            over = os.path.join(directory, release)
            subprocess.check_call(pip + ['--no-deps', '--target', over] + pins)
            found.append(collected(python, over))
    with open(TARGET, 'w') as file:
        json.dump(merged(found), file, indent=2)
        file.write('\n')


def collected(python, over):
    """What `collect` prints in an interpreter of its own."""
    environment = dict(os.environ, PYTHONWARNINGS='ignore', PYTHONPATH=over or '')
    return json.loads(subprocess.check_output([python, __file__, '--collect'], env=environment))


def merged(found):
    """Section -> option -> the packages with their versions that call it secret, the oldest first."""
    sections = {}
    for section, option, package, version, note in sorted(one for options in found for one in options):
        versions, notes = sections.setdefault(section, {}).setdefault(option, ({}, set()))
        versions.setdefault(package, set()).add(version)
        notes.add(note)
    by_number = lambda version: [int(part) for part in version.split('.')]
    return {
        section: {
            option: '; '.join(
                ['%s %s' % (package, ', '.join(sorted(all, key=by_number))) for package, all in versions.items()]
                + sorted(notes - {''})
            )
            for option, (versions, notes) in options.items()
        }
        for section, options in sections.items()
    }


def collect():
    """Prints [section, option, package, version, note] of every secret option of the packages that can be imported here."""
    for name in 'Mapping', 'MutableMapping', 'Sequence':
        # Old packages look for them where they were before Python 3.10.
        setattr(collections, name, getattr(collections.abc, name))
    options = []

    def add(package, section, defined):
        for option in defined:
            if option.secret:
                options.extend(named(section, option, package, metadata.version(package)))

    for package in PACKAGES:
        for entry in metadata.distribution(package).entry_points:
            with reported(package, entry.name):
                if entry.group == 'oslo.config.opts':
                    for group, defined in imported(entry.load)():
                        add(package, getattr(group, 'name', group) or 'DEFAULT', defined)
                elif entry.group == 'keystoneauth1.plugin':
                    plugin = imported(entry.load)()
                    add(package, ANY, [option._to_oslo_opt() for option in plugin.get_options()])
    with reported('keystonemiddleware', 'its deprecated options, which are in no list'):
        deprecated = imported(lambda: importlib.import_module('keystonemiddleware.auth_token._auth'))
        add('keystonemiddleware', 'keystone_authtoken', getattr(deprecated, 'OPTS', []))
    json.dump(options, sys.stdout)


@contextlib.contextmanager
def reported(package, what):
    """Goes on after what cannot be imported: not every package lists only what it ships."""
    try:
        yield
    except (ImportError, AttributeError) as error:
        sys.stderr.write('%s %s: left out: %s: %s\n' % (package, metadata.version(package), what, error))


def named(section, option, package, version):
    """An option by its name and by each older one."""
    yield section, option.dest, package, version, ''
    for old in option.deprecated_opts:
        where, name = old.group or section, (old.name or option.name).replace('-', '_')
        if (where, name) != (section, option.dest):
            yield where, name, package, version, 'old name of [%s] %s' % (section, option.dest)


class Dummy(types.ModuleType):
    """A module, a class, a function or a decorator that does nothing."""

    def __init__(self, name='dummy', *_):
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return Dummy(name)

    def __call__(self, *arguments, **_):
        return arguments[0] if arguments and callable(arguments[0]) else self


def imported(load):
    """What `load` gives, with a dummy in the place of each module that old packages need and that is not here."""
    while True:
        try:
            return load()
        except ModuleNotFoundError as error:
            parent = sys.modules.get(error.name.split('.')[0])
            if parent and not isinstance(parent, Dummy):
                raise
            sys.modules[error.name] = Dummy(error.name)


if __name__ == '__main__':
    collect() if sys.argv[1:] == ['--collect'] else main()
