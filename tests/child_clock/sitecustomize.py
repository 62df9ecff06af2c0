"""Set the clock of each process that a test starts (`tests/clock.py`); Python imports this first."""

import os
import sys

if offset_s := os.environ.get("TESTS_CLOCK_OFFSET_S"):
    absent = {name: None for name in ("pytest", "dateutil") if name not in sys.modules}
    sys.modules.update(absent)  # type: ignore[arg-type]  # time-machine would load them, which takes longer than the rest of a start
    try:
        import time

        import time_machine
    except ImportError:  # another Python than the tests'
        pass
    else:
        time_machine.travel(time.time() + float(offset_s), tick=True).start()
    finally:
        for name in absent:
            del sys.modules[name]
