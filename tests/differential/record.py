"""Write `recorded.json`: cases with the independent evaluator's answers, which serve where it is not installed.

python -m tests.differential.record [HOW_MANY]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from tests.differential.cases import Case, cases, comparable, simulation
from tests.differential.oracle import Oracle, installed

RECORDED = Path(__file__).with_name("recorded.json")


def record(how_many: int) -> list[dict[str, object]]:
    folder = installed()
    assert folder is not None, "run tests/differential/install_oracle first"
    oracle = Oracle(folder)
    rows: list[dict[str, object]] = []

    @seed(20260501)
    @settings(max_examples=how_many, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def collect(case: Case) -> None:
        if comparable(case):
            answer = oracle.ask(simulation(case))
            assert answer.get("ignored") == [], (case, answer)
            rows.append({"case": case, "answer": answer["result"]})

    collect()
    oracle.close()
    return rows


if __name__ == "__main__":
    made = record(int(sys.argv[1]) if len(sys.argv) > 1 else 800)
    RECORDED.write_text("[\n" + ",\n".join(json.dumps(row) for row in made) + "\n]\n")
    print(f"{len(made)} cases in {RECORDED.name}")
