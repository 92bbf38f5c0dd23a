"""Lines that compare with a goal, as bench.c prints them."""


def show(name, value, unit):
    return f"{name}: {value:.{0 if value >= 1000 else 2}f} {unit}"


def at_most(name, value, unit, goal):
    """Reports a value whose goal is a maximum. Returns 1 when it was missed, else 0."""
    is_met = value <= goal
    ratio = value / goal if goal > 0 else value
    print(f"{show(name, value, unit)} (ratio {ratio:.2f}, goal {goal:g}) {'ok' if is_met else 'MISSED'}", flush=True)
    return int(not is_met)


def note(name, value, unit):
    """Reports a figure that has no goal."""
    print(show(name, value, unit), flush=True)
