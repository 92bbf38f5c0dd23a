"""The core archive may use base, itself and a few functions of memory and strings: no socket, clock, thread, random, JSON."""
import subprocess
import sys

nm, archive, allow_list = sys.argv[1:4]
allowed = set(open(allow_list).read().split())
lines = subprocess.run([nm, archive], check=True, capture_output=True, text=True).stdout.splitlines()
undefined = {words[-1] for words in map(str.split, lines) if len(words) == 2 and words[0] == 'U'}
defined = {words[-1] for words in map(str.split, lines) if len(words) == 3}

base = {'tha_addr_', 'tha_arena_', 'tha_heap_', 'tha_map_', 'tha_mem_', 'tha_text_', 'trunkha_call_result_name',
        'trunkha_dns_text'}
foreign = sorted(name for name in undefined - defined - allowed if not any(name.startswith(room) for room in base))
# what sanitizers and gcc's own checks add is not the core's
foreign = [name for name in foreign if not name.startswith(('__asan', '__ubsan', '__tsan', '__gcov', '_GLOBAL_OFFSET'))]

if not defined or foreign:
    sys.exit(f'the core must not use: {", ".join(foreign) or "(nothing was found in the archive)"}')
print(f'core: {len(defined)} symbols of its own, {len(undefined - defined)} from base and the allowed few')
