#!/usr/bin/env python3
"""Rewrites domain/config/haproxy-keywords.json: the keywords of HAProxy's configuration, two words deep.

    python3 bin/haproxy-keywords.py CHECKOUT

CHECKOUT is a clone of HAProxy's repository with its tags: doc/configuration.txt is read of each release from 1.5 on.
"""

import json
import os
import re
import subprocess
import sys

TARGET = os.path.join(os.path.dirname(__file__), '..', 'domain', 'config', 'haproxy-keywords.json')
OLDEST = (1, 5)
PATH = 'doc/configuration.txt'

# What begins a section; the manual has no list of them.
SECTIONS = (
    'global defaults frontend backend listen userlist peers mailers resolvers cache program http-errors ring log-forward '
    'log-profile fcgi-app crt-store traces acme'
).split()
# From 3.0 on the actions are described once for all rule sets.
RULE_SETS = ['http-request', 'http-response', 'http-after-response']
WORD = re.compile(r'[a-z][a-z0-9._-]*$')


def main(checkout):
    def git(*arguments):
        return subprocess.check_output(('git', '-C', checkout) + arguments).decode('utf-8', 'replace')

    keywords = {section: set() for section in SECTIONS}
    for tag in git('tag').split():
        release = re.match(r'v(\d+)\.(\d+)\.0$', tag)
        if release and tuple(map(int, release.groups())) >= OLDEST:
            for first, second in headings(git('show', '%s:%s' % (tag, PATH))):
                keywords.setdefault(first, set()).update([second] if second else [])
    with open(TARGET, 'w') as file:
        json.dump({first: ' '.join(sorted(keywords[first])) for first in sorted(keywords)}, file, indent=2)
        file.write('\n')


def headings(text):
    """(first word, second word or None) of each keyword that the manual describes."""
    chapter = ''
    lines = text.split('\n')
    # After the table of contents.
    start = next(index for index, line in enumerate(lines) if re.match(r'1\. +Quick reminder', line)) + 1
    for index in range(start, len(lines)):
        line = lines[index]
        numbered = re.match(r'(\d+(?:\.\d+)*)\. +\S', line)
        if numbered and lines[index + 1].startswith('--'):
            chapter = numbered.group(1)
        if not describes(lines, index):
            continue
        # Chapter 5 is about the words after bind and server, 7 about ACLs; both stand in the rest of a line.
        if re.match(r'(3|4\.[12]|5\.3|1[012])(\.|$)', chapter):
            yield from pairs(line)
        elif re.match(r'4\.[34]', chapter):
            for rule_set in RULE_SETS:
                yield rule_set, line.split()[0].split('(')[0]


def describes(lines, index):
    """Whether a line is a keyword's heading: it stands at the margin, and what follows is indented."""
    following = index
    while following < len(lines) and WORD.match(re.split(r'[ (]', lines[following])[0]):
        following += 1
    return index < following < len(lines) and lines[following].startswith('  ')


def pairs(line):
    words = re.sub(r'\(deprecated\)', '', line).split()
    if words[0] == 'no':
        words = words[1:]
    group = re.match(r'\S+ +\{([^}]*)\}', line)
    choices = group.group(1).replace('|', ' ').split() if group else words[1:2]
    yield words[0], None
    for word in choices:
        # set-var(name) stands as set-var.
        if WORD.match(word.split('(')[0]):
            yield words[0], word.split('(')[0]


if __name__ == '__main__':
    main(sys.argv[1])
