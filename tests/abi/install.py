"""Installs into a DESTDIR and does as an embedder would: pkg-config, the README's C program, shared and static; C++ too."""
import os
import re
import subprocess
import sys
import tempfile

build, readme = sys.argv[1:3]


def run(*command, **more):
    result = subprocess.run(command, capture_output=True, text=True, **more)
    if result.returncode:
        sys.exit(f'{" ".join(command)}\n{result.stdout}{result.stderr}')
    return result.stdout


def program_of_readme():
    programs = re.findall(r'```c\n(.*?)```', open(readme).read(), re.S)
    whole = [text for text in programs if 'int main(' in text]
    if len(whole) != 1:
        sys.exit(f'README.md should hold one whole C program, it holds {len(whole)}')
    example = os.path.join(os.path.dirname(readme), 'examples', 'minimal.c')
    if whole[0] != open(example).read():
        sys.exit('examples/minimal.c is not the program of README.md')
    return whole[0]


def find(root, name):
    for folder, _, files in os.walk(root):
        if name in files:
            return os.path.join(folder, name)
    sys.exit(f'{name} was not installed')


with tempfile.TemporaryDirectory() as work:
    root = os.path.join(work, 'root')
    meson = '/usr/bin/meson' if os.path.exists('/usr/bin/meson') else 'meson'
    run(meson, 'install', '-C', build, '--no-rebuild', env={**os.environ, 'DESTDIR': root})
    for name in ('trunkha.h', 'libtrunkha.so.0', 'libtrunkha.a', 'trunkha', 'trunkha.1'):
        find(root, name)

    package = find(root, 'trunkha.pc')
    env = {**os.environ, 'PKG_CONFIG_PATH': os.path.dirname(package), 'PKG_CONFIG_SYSROOT_DIR': root}
    shared = run('pkg-config', '--cflags', '--libs', 'trunkha', env=env).split()
    libdir = os.path.dirname(find(root, 'libtrunkha.so.0'))

    program = os.path.join(work, 'embed.c')
    with open(program, 'w') as file:
        file.write(program_of_readme())
    config = os.path.join(work, 'trunks.json')
    with open(config, 'w') as file:
        file.write('{"trunkGroups": [{"id": "carrier-a", "sipAddress": "127.0.0.1:9"}]}')

    embed = os.path.join(work, 'embed')
    run('cc', '-std=c11', '-Wall', '-Wextra', '-Werror', program, '-o', embed, *shared)
    output = run(embed, config, 'carrier-a', env={**os.environ, 'LD_LIBRARY_PATH': libdir}, timeout=60)
    if 'carrier-a' not in output:
        sys.exit(f'the README\'s program said:\n{output}')

    flags = run('pkg-config', '--cflags', 'trunkha', env=env).split()
    others = [flag for flag in run('pkg-config', '--libs', '--static', 'trunkha', env={
        key: value for key, value in env.items() if key != 'PKG_CONFIG_SYSROOT_DIR'}).split() if flag != '-ltrunkha']
    embed_static = os.path.join(work, 'embed-static')
    run('cc', '-std=c11', program, '-o', embed_static, *flags, find(root, 'libtrunkha.a'), *others)
    run(embed_static, config, 'carrier-a', timeout=60)

    header = os.path.join(work, 'header.cc')
    with open(header, 'w') as file:
        file.write('#include <trunkha.h>\nint main() { return trunkha_version() == nullptr; }\n')
    run('g++', '-std=c++11', '-Wall', '-Wextra', '-Wpedantic', '-Werror', header, '-o', os.path.join(work, 'header'), *shared)
print('installed, found by pkg-config, embedded shared, static and from C++')
