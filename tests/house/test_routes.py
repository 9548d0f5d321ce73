"""Every door has a lock, and every address under /api is described."""

from flask import Flask

PUBLIC = {
    "/",
    "/api/docs",
    "/api/openapi.json",
    "/api/v1/enrolments",
    "/benefits/<benefit_id>",
    "/admin/sign-in",
    "/admin/sign-in/code",
    "/buy",
    "/find",
    "/gate",
    "/healthz",
    "/metrics",
    "/places",
    "/places/<venue_id>",
    "/privacy",
    "/readyz",
    "/webhooks/stripe",
}


def guards(app: Flask) -> dict[str, str | None]:
    return {
        rule.rule: getattr(app.view_functions[rule.endpoint], "__guard__", None)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    }


def test_every_route_has_a_guard(app: Flask) -> None:
    assert [rule for rule, guard in guards(app).items() if guard is None] == []


def test_the_public_list_is_complete_and_no_longer(app: Flask) -> None:
    assert {rule for rule, guard in guards(app).items() if guard == "public"} == PUBLIC


def test_every_api_route_is_in_the_openapi_document(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").get_json()
    described = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    routes = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert document["openapi"] == "3.1.0"
    assert {rule.replace("<uuid:", "<").replace("<int:", "<") for rule in routes} == described
