"""A project that has trunkha as a Meson subproject builds and runs."""
import os
import subprocess
import sys
import tempfile

source = os.path.abspath(sys.argv[1])
meson = '/usr/bin/meson' if os.path.exists('/usr/bin/meson') else 'meson'


def run(*command, **more):
    result = subprocess.run(command, capture_output=True, text=True, **more)
    if result.returncode:
        sys.exit(f'{" ".join(command)}\n{result.stdout}{result.stderr}')
    return result.stdout


with tempfile.TemporaryDirectory() as work:
    os.mkdir(os.path.join(work, 'subprojects'))
    os.symlink(source, os.path.join(work, 'subprojects', 'trunkha'))
    with open(os.path.join(work, 'meson.build'), 'w') as file:
        file.write("project('host', 'c')\n"
                   "trunkha = dependency('trunkha', fallback: 'trunkha')\n"
                   "executable('host', 'host.c', dependencies: trunkha)\n")
    with open(os.path.join(work, 'host.c'), 'w') as file:
        file.write('#include <stdio.h>\n#include <trunkha.h>\nint main(void) { return puts(trunkha_version()) < 0; }\n')
    build = os.path.join(work, 'build')
    run(meson, 'setup', '--wrap-mode=forcefallback', build, work)
    run(meson, 'compile', '-C', build)
    print('as a subproject:', run(os.path.join(build, 'host')).strip())
