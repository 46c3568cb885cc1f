import subprocess
import sys


def test_html_alone_loads_nothing_heavy() -> None:
    program = (
        "import sys, nitro_runtime.html;"
        "print([m for m in ('typing', 'markupsafe', 'json', 'dataclasses', 'inspect', 'pydantic', 'sqlalchemy', 'asyncio',"
        " 'rusty_tags', 'nitro_runtime.errors') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
