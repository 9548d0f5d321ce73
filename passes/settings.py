"""Settings: read once from the environment, refused by name when they are missing, nonsense or unknown."""

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

OUR_PREFIXES = ("YOUYOU_", "STRIPE_", "SMTP_", "SMS_")


class SettingsRefused(Exception):
    """Carries every fault at once, one line each, by variable name and never with a secret's value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """All that differs between two installations. Read by `Settings.read(os.environ)`."""

    app_env: str
    payments: str
    events: str
    database_url: str = field(repr=False)
    kafka_bootstrap_servers: str | None
    public_url: str
    secret_key: bytes = field(repr=False)
    stripe_secret_key: str | None = field(default=None, repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_api_base: str | None = None
    smtp_url: str | None = field(default=None, repr=False)
    smtp_from: str = "youyou@localhost"
    sms_url: str | None = field(default=None, repr=False)
    topic_prefix: str = ""
    failpoint: str | None = None
    cashier_port: int | None = None
    min_charge_fen: int = 500
    hold_minutes: int = 35
    proxies: int = 0
    second_factor: str = "optional"
    service_phone: str | None = None

    @property
    def livemode(self) -> bool:
        return self.payments == "stripe" and (self.stripe_secret_key or "").startswith(("sk_live_", "rk_live_"))

    def derive(self, label: str) -> bytes:
        """A 32-byte key for one purpose (RFC 5869). One secret is kept; its purposes do not know each other."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"youyou:{label}".encode()).derive(self.secret_key)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises SettingsRefused with every fault. Empty means unset."""
        return _read(environ)


KNOWN = frozenset(
    {
        "APP_ENV",
        "PAYMENTS",
        "EVENTS",
        "DATABASE_URL",
        "KAFKA_BOOTSTRAP_SERVERS",
        "PUBLIC_URL",
        "YOUYOU_SECRET_KEY",
        "YOUYOU_TOPIC_PREFIX",
        "YOUYOU_FAILPOINT",
        "YOUYOU_CASHIER_PORT",
        "YOUYOU_MIN_CHARGE_FEN",
        "YOUYOU_HOLD_MINUTES",
        "YOUYOU_PROXIES",
        "YOUYOU_SECOND_FACTOR",
        "YOUYOU_SERVICE_PHONE",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRETS",
        "STRIPE_API_BASE",
        "SMTP_URL",
        "SMTP_FROM",
        "SMS_URL",
    }
)


class _Reader:
    """Collects faults instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values = {name: value.strip() for name, value in environ.items() if value.strip()}
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str | None:
        return self.values.get(name, default)

    def required(self, name: str, why: str) -> str:
        value = self.values.get(name)
        if value is None:
            self.faults.append(f"{name} is missing: {why}")
        return value or ""

    def choice(self, name: str, choices: tuple[str, ...], default: str | None) -> str:
        value = self.values.get(name, default)
        if value is None:
            self.faults.append(f"{name} is missing: set it to one of {', '.join(choices)}")
        elif value not in choices:
            self.faults.append(f"{name} is not one of {', '.join(choices)}")
        return value or ""

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        raw = self.values.get(name)
        if raw is None:
            return default
        if not raw.isascii() or not raw.isdigit() or len(raw) > 10 or not lowest <= int(raw) <= highest:
            self.faults.append(f"{name} is not a whole number from {lowest} to {highest}")
            return default
        return int(raw)

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        raw = self.values.get(name)
        if raw is None:
            return None
        try:
            parts = urlsplit(raw)
            good = parts.scheme in schemes and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good:
            self.faults.append(f"{name} is not a URL that begins with {' or '.join(s + '://' for s in schemes)}")
        return raw


def _read(environ: Mapping[str, str]) -> Settings:
    reader = _Reader(environ)
    for name in sorted(reader.values):
        if name.startswith(OUR_PREFIXES) and name not in KNOWN:
            reader.faults.append(f"{name} is unknown: remove it or correct its name")
    cashier_port = reader.number("YOUYOU_CASHIER_PORT", 0, 1, 65535) or None
    settings = Settings(
        app_env=reader.choice("APP_ENV", ("production", "development", "test", "demo"), "production"),
        payments=reader.choice("PAYMENTS", ("stripe", "sandbox"), None),
        events=reader.choice("EVENTS", ("kafka", "direct"), "kafka"),
        database_url=_database_url(reader),
        kafka_bootstrap_servers=reader.text("KAFKA_BOOTSTRAP_SERVERS"),
        public_url=(reader.url("PUBLIC_URL", ("https", "http")) or "").rstrip("/"),
        secret_key=_secret_key(reader),
        stripe_secret_key=reader.text("STRIPE_SECRET_KEY"),
        stripe_webhook_secrets=tuple(
            part.strip() for part in (reader.text("STRIPE_WEBHOOK_SECRETS") or "").split(",") if part.strip()
        ),
        stripe_api_base=reader.url("STRIPE_API_BASE", ("http", "https")),
        smtp_url=reader.url("SMTP_URL", ("smtp", "smtps")),
        smtp_from=reader.text("SMTP_FROM") or "youyou@localhost",
        sms_url=reader.url("SMS_URL", ("https", "http")),
        topic_prefix=reader.text("YOUYOU_TOPIC_PREFIX") or "",
        failpoint=reader.text("YOUYOU_FAILPOINT"),
        cashier_port=cashier_port,
        min_charge_fen=reader.number("YOUYOU_MIN_CHARGE_FEN", 500, 1, 99_999_999),
        hold_minutes=reader.number("YOUYOU_HOLD_MINUTES", 35, 1, 1440),
        proxies=reader.number("YOUYOU_PROXIES", 0, 0, 9),
        second_factor=reader.choice("YOUYOU_SECOND_FACTOR", ("optional", "admins", "everyone"), "optional"),
        service_phone=reader.text("YOUYOU_SERVICE_PHONE"),
    )
    if not settings.public_url:
        reader.faults.append("PUBLIC_URL is missing: the address under which visitors reach the shop")
    reader.faults += _contradictions(settings, reader.values)
    if reader.faults:
        raise SettingsRefused(reader.faults)
    return settings


def _database_url(reader: _Reader) -> str:
    raw = reader.required("DATABASE_URL", "a PostgreSQL address, postgresql://user:password@host/name")
    if raw and not raw.startswith(("postgresql://", "postgresql+psycopg://")):
        reader.faults.append("DATABASE_URL is not a URL that begins with postgresql://")
    return raw


def _secret_key(reader: _Reader) -> bytes:
    raw = reader.required("YOUYOU_SECRET_KEY", "32 random bytes in base64, kept for the life of the installation")
    try:
        key = base64.b64decode(raw, validate=True)
    except ValueError:
        key = b""
    if raw and len(key) < 32:
        reader.faults.append("YOUYOU_SECRET_KEY is not at least 32 bytes in base64")
    return key


def _contradictions(settings: Settings, values: Mapping[str, str]) -> list[str]:
    faults = []
    if settings.events == "direct" and settings.kafka_bootstrap_servers:
        faults.append("EVENTS=direct and KAFKA_BOOTSTRAP_SERVERS contradict each other: remove one of them")
    if settings.events == "kafka" and not settings.kafka_bootstrap_servers:
        faults.append("KAFKA_BOOTSTRAP_SERVERS is missing: name a broker, or set EVENTS=direct to run without one")
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,100}", settings.topic_prefix):
        faults.append("YOUYOU_TOPIC_PREFIX is not letters, digits, dots, dashes and underscores, at most 100")
    if not re.fullmatch(r"[^@\r\n]+@[^@\r\n]+", settings.smtp_from):
        faults.append("SMTP_FROM is not an e-mail address")
    if not re.fullmatch(r"[+0-9][0-9 -]{2,29}", settings.service_phone or "12345"):
        faults.append("YOUYOU_SERVICE_PHONE is no telephone number: digits, spaces, dashes; + before a country")
    if settings.failpoint and settings.app_env != "test":
        faults.append("YOUYOU_FAILPOINT kills processes on purpose: it is read only where APP_ENV=test")
    return faults + payment_faults(settings, values)


def is_loopback(url: str) -> bool:
    """True for an address only this machine can reach."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def payment_faults(settings: Settings, values: Mapping[str, str]) -> list[str]:
    """Money guards: nothing-set never means sandbox, and a sandbox never stands where real guests buy."""
    if settings.payments == "sandbox":
        return _sandbox_faults(settings, values)
    return _stripe_faults(settings) if settings.payments == "stripe" else []


def _sandbox_faults(settings: Settings, values: Mapping[str, str]) -> list[str]:
    faults = []
    if settings.app_env == "production":
        faults.append("PAYMENTS=sandbox is refused where APP_ENV=production: nobody would be charged")
    faults += [
        f"{name} holds a live Stripe key while PAYMENTS=sandbox: remove it"
        for name, value in sorted(values.items())
        if value.startswith(("sk_live_", "rk_live_"))
    ]
    if (settings.stripe_secret_key or "").startswith(("sk_test_", "rk_test_")):
        faults.append("STRIPE_SECRET_KEY is a real test key while PAYMENTS=sandbox: use PAYMENTS=stripe with it")
    if not settings.stripe_secret_key:
        faults.append("STRIPE_SECRET_KEY is missing: the key of the test cashier")
    if not settings.stripe_webhook_secrets:
        faults.append("STRIPE_WEBHOOK_SECRETS is missing: the signing secret of the test cashier")
    if not settings.stripe_api_base or not is_loopback(settings.stripe_api_base):
        faults.append("STRIPE_API_BASE must be the test cashier's loopback address while PAYMENTS=sandbox")
    if settings.app_env != "demo" and settings.public_url and not is_loopback(settings.public_url):
        faults.append("PUBLIC_URL is public while PAYMENTS=sandbox: only APP_ENV=demo may do that")
    return faults


def _stripe_faults(settings: Settings) -> list[str]:
    faults = []
    key = settings.stripe_secret_key or ""
    live = key.startswith(("sk_live_", "rk_live_"))
    if settings.stripe_api_base:
        faults.append("STRIPE_API_BASE is only for the test cashier: remove it while PAYMENTS=stripe")
    if not live and not key.startswith(("sk_test_", "rk_test_")):
        faults.append("STRIPE_SECRET_KEY is missing or no Stripe key (rk_live_… is best)")
    if not settings.stripe_webhook_secrets:
        faults.append("STRIPE_WEBHOOK_SECRETS is missing: the whsec_… of the webhook endpoint")
    if any(secret.startswith("whsec_sandbox") for secret in settings.stripe_webhook_secrets):
        faults.append("STRIPE_WEBHOOK_SECRETS holds the test cashier's secret while PAYMENTS=stripe")
    if any(not secret.startswith("whsec_") for secret in settings.stripe_webhook_secrets):
        faults.append("STRIPE_WEBHOOK_SECRETS holds something that does not begin with whsec_")
    if key and settings.app_env == "production" and not live:
        faults.append("STRIPE_SECRET_KEY is a test key where APP_ENV=production")
    if live and settings.app_env != "production":
        faults.append("STRIPE_SECRET_KEY is a live key but APP_ENV is not production")
    if settings.app_env == "production" and not settings.public_url.startswith("https://"):
        faults.append("PUBLIC_URL must begin with https:// where APP_ENV=production")
    return faults


_current: Settings | None = None


def use(settings: Settings) -> None:
    """Make these the settings of this process. Called once, by whoever starts it."""
    global _current
    _current = settings


def current() -> Settings:
    """The settings of this process."""
    if _current is None:
        raise RuntimeError("settings.use() was not called by whoever started this process")
    return _current
