"""`max benchmark`, kept between two runs, since importing it takes seconds.

Its arguments are a line of standard input, a list in JSON; after the run, a line of standard
output is how many seconds of processor time it took. Everything else goes to standard error.
"""

import json
import sys
import time
from contextlib import redirect_stdout, suppress

from bench.with_parent import end_with_parent


def main() -> None:
    end_with_parent()
    answers = sys.stdout
    with redirect_stdout(sys.stderr):
        from max.benchmark.sweep_benchmark_serving import main as benchmark

        for line in sys.stdin:
            began = time.process_time()
            with suppress(SystemExit):  # what it makes of failed requests; its result counts them
                benchmark(json.loads(line))
            print(time.process_time() - began, file=answers, flush=True)


if __name__ == "__main__":
    main()
