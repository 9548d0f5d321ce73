"""The shared cases of YP1: every verdict, field, sequence and ID tag exactly as written."""

import json
from pathlib import Path
from typing import Any

import pytest

from passes.credential.codec import Token, Trust, Verdict, trusted_key, verify
from passes.credential.idtag import id_tag
from passes.credential.token import read

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "yp1-vectors.json").read_text("utf-8"))
API_CODES = {"NOT_YET_VALID": "pass_not_yet_valid", "REVOKED": "credential_revoked", "REPLAY": "replayed"}

TRUST = Trust(
    keys={
        key["kid"]: trusted_key(
            key["kid"], key["algorithm"], bytes.fromhex(key["public_key"]), key["types"],
            key["not_before"], key["not_after"],
        )
        for key in VECTORS["bundle"]["keys"]
    },
    revoked=dict(VECTORS["bundle"]["revoked"]),
)  # fmt: skip


def api_code(vector_code: str) -> str:
    return API_CODES.get(vector_code, vector_code.lower())


def ask(case: dict[str, Any]) -> Verdict:
    return verify(case["text"], now=case["now"], venue_number=case["venue"], trust=TRUST)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_shared_case_gets_its_verdict(case: dict[str, Any]) -> None:
    verdict = ask(case)
    assert (verdict.code, verdict.serial) == (api_code(case["expect"]), case["serial"])
    assert verdict.proved == (case["expect"] not in {"FOREIGN", "MALFORMED", "UNKNOWN_KEY", "FORGED"})
    if case["expect"] != "OK" and not verdict.proved:
        assert not verdict.proof_ok


@pytest.mark.parametrize("case", [case for case in VECTORS["cases"] if "fields" in case], ids=lambda case: case["name"])
def test_the_codec_reads_every_field(case: dict[str, Any]) -> None:
    token = read(case["text"], now=case["now"])
    assert isinstance(token, Token)
    found = {name: getattr(token, name) for name in case["fields"] if name not in {"time", "expiry"}}
    times = {name: token.moment for name in case["fields"] if name in {"time", "expiry"}}
    assert found | times == case["fields"]


@pytest.mark.parametrize("sequence", VECTORS["sequences"], ids=lambda sequence: sequence["name"])
def test_a_code_is_used_up_only_by_an_admitted_scan_of_its_benefit(sequence: dict[str, Any]) -> None:
    used = set()
    for step in sequence["steps"]:
        verdict = ask(step)
        code = verdict.code
        if code == "ok" and verdict.token is not None:
            key = verdict.token.replay_key(step["benefit"])
            if key is not None and key in used:
                code = "replayed"
            used.add(key)
        assert code == api_code(step["expect"])


@pytest.mark.parametrize("case", VECTORS["id_tags"], ids=lambda case: case["id_number"])
def test_the_id_tag_is_the_shared_one(case: dict[str, Any]) -> None:
    assert id_tag(bytes.fromhex(case["key"]), case["serial"], case["id_number"]) == case["id_tag"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("D certificate, one second after", True),
        ("D certificate, a day after", True),
        ("order: D certificate expired + bad proof", False),
        ("order: D certificate expired + stale + wrong venue", False),
    ],
)
def test_an_expired_certificate_says_whether_the_proof_was_good(name: str, expected: bool) -> None:
    case = next(case for case in VECTORS["cases"] if case["name"] == name)
    verdict = ask(case)
    assert (verdict.code, verdict.proof_ok) == ("cert_expired", expected)
