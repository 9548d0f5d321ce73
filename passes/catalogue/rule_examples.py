"""An example of every rule type, in the order in which they are asked."""

from passes.catalogue.examples_often import OFTEN
from passes.catalogue.examples_terms import TERMS
from passes.catalogue.examples_when import WHEN
from passes.catalogue.examples_who import WHO
from passes.catalogue.rule_example import Example
from passes.entitlement.rules import ORDER

EXAMPLES: tuple[Example, ...] = tuple(sorted((*WHEN, *WHO, *OFTEN, *TERMS), key=lambda example: ORDER[example.rule]))
