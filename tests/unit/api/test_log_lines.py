"""Lines of a log as records."""

from datetime import UTC, datetime

from services.api.run_logs import lines

STARTED = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = "-" * 72
TEXT = f"""job          job_1 of batch_1
seed         7

{RULE} said by the run
[    0.500 s] docking: 0.400 s
[    1.250 s] WARNING omtx.run: slow disk
[    2.000 s] ERROR boltz: out of memory
printed by a program

{RULE} end
failed after 2.100 s, at 2026-03-02T09:00:02.100000+00:00
out_of_memory: the GPU has 16 GiB
"""


def test_each_line_has_its_time_its_level_and_where_it_comes_from() -> None:
    found = list(lines(TEXT, STARTED, app="vina", call="call-1"))
    assert [(it["source"], it["level"], it["message"]) for it in found] == [
        ("head", "info", "job          job_1 of batch_1"),
        ("head", "info", "seed         7"),
        ("run", "info", "docking: 0.400 s"),
        ("run", "warning", "slow disk"),
        ("run", "error", "out of memory"),
        ("run", "info", "printed by a program"),
        ("end", "error", "failed after 2.100 s, at 2026-03-02T09:00:02.100000+00:00"),
        ("end", "error", "out_of_memory: the GPU has 16 GiB"),
    ]
    assert [it["timestamp"] for it in found[2:6]] == [
        "2026-03-02T09:00:00.500000+00:00",
        "2026-03-02T09:00:01.250000+00:00",
        "2026-03-02T09:00:02+00:00",
        None,
    ]
    assert [it["function_name"] for it in found[2:5]] == [None, "omtx.run", "boltz"]
    assert {(it["app_id"], it["execution_id"]) for it in found} == {("vina", "call-1")}


def test_without_a_start_no_line_has_a_time() -> None:
    assert {it["timestamp"] for it in lines(TEXT, None, app="vina", call=None)} == {None}


def test_a_line_of_the_run_that_looks_like_an_end_is_no_error() -> None:
    told = f"{RULE} said by the run\nfailed after all\nsucceeded: yes\n"
    assert {it["level"] for it in lines(told, None, app="vina", call=None)} == {"info"}
