"""Run every benchmark, calibration first: `python -m benchmarks [--short] [NAME ...]`."""

import argparse
import importlib
import pkgutil
import sys

import benchmarks

FIRST = "calibration"


def main(argv: list[str]) -> None:
    """Run the named benchmarks, or all; each prints its figure and target, none decides a test."""
    names = sorted(
        (module.name for module in pkgutil.iter_modules(benchmarks.__path__)),
        key=lambda name: (name != FIRST, name),
    )
    names = [name for name in names if not name.startswith("_")]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"all, or some of {', '.join(names)}")
    parser.add_argument("--short", action="store_true", help="fewer repetitions, same figures")
    chosen = parser.parse_args(argv)
    unknown = set(chosen.name) - set(names)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: use some of {', '.join(names)}")
    for name in chosen.name or names:
        print(f"## {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main(["--short"] if chosen.short else [])


if __name__ == "__main__":
    main(sys.argv[1:])
