"""How often each rule was the one that decided: a plain table."""

from collections import Counter
from dataclasses import dataclass, field, replace

from passes.entitlement.decide import decide
from tests.twins.generator import Case, Group
from tests.twins.passes import PASS_ROWS
from tests.twins.rows import CARRYING, DECIDING, rows_of


@dataclass
class Table:
    """refused: it stood in the way. let_in: admitted at its boundary, one step from a refusal. edges: both, there."""

    refused: Counter[str] = field(default_factory=Counter)
    let_in: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    cases: int = 0

    def add(self, group: Group, case: Case) -> None:
        decision = case.decision
        benefit = group.world.terms.benefits.get(decision.benefit_id or "")
        self.cases += 1
        self.outcomes[decision.outcome] += 1
        if decision.refusal_code == "needs_confirmation":
            # An unattended lane does not say what staff would have to confirm.
            decision = decide(group.sheet, replace(case.facts, attended=True))
        rows = rows_of(decision, benefit)
        if decision.outcome == "admitted":
            for row in case.near:
                self._let_in(row, "then_discount" in decision.terms)
            assert benefit is not None
            names = {rule.name for rule in benefit.rules}
            for name, part in CARRYING.items():
                self.carried[name] += name in names and bool(decision.terms.get(part))
            if "then_discount" in decision.terms:
                rows = {"then_discount"}
        for row in rows:
            self.refused[row] += 1
            self.edges[row] += case.edge and row == case.target

    def _let_in(self, row: str, is_spent: bool) -> None:
        if row != "then_discount" or not is_spent:
            self.let_in[row] += 1
            self.edges[row] += 1

    def lines(self) -> list[str]:
        lines = [f"{'rule':<22}{'decided refused':>16}{'decided let in':>16}{'at boundary':>14}"]
        for row in [*DECIDING, *PASS_ROWS]:
            lines.append(f"{row:<22}{self.refused[row]:>16,}{self.let_in[row]:>16,}{self.edges[row]:>14,}")
        lines += ["", f"{'terms carried':<22}{'':>16}{'admitted with':>16}"]
        lines += [f"{name:<22}{'':>16}{self.carried[name]:>16,}" for name in CARRYING]
        told = ", ".join(f"{n:,} {outcome}" for outcome, n in sorted(self.outcomes.items()))
        return [*lines, "", f"{self.cases:,} cases: {told}"]
