"""The shared library exports exactly what trunkha.map names, under its version, and nothing of libre."""
import re
import subprocess
import sys

nm, library, map_file = sys.argv[1:4]
text = open(map_file).read()
wanted = {}
for node, body in re.findall(r'(\S+)\s*\{(.*?)\}', text, re.S):
    for name in re.findall(r'^\s+(trunkha_\w+);', body, re.M):
        wanted[name] = node

lines = subprocess.run([nm, '-D', '--defined-only', library], check=True, capture_output=True, text=True).stdout
exported = {}
for line in lines.splitlines():
    name, _, node = line.split()[-1].partition('@@')
    if line.split()[1] != 'A':
        exported[name] = node

if not wanted or exported != wanted:
    sys.exit(f'only in the map: {sorted(set(wanted.items()) - set(exported.items()))}\n'
             f'only in the library: {sorted(set(exported.items()) - set(wanted.items()))}')
print(f'{len(exported)} symbols, as the map says')
