"""How the tests start Chromium."""

from shutil import which

# Chromium keeps the last of several lists only: so the ones that Playwright turns off, as far as they change what a
# page does, and the two pages behind the address field, which it loads anew for every window and nobody sees here.
_FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "NetworkTimeServiceQuerying",
    "PreconnectToSearch",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
)
FLAGS = (
    "--no-sandbox",
    # Nobody looks: drawing as on a graphics card, by the processor, takes a fifth more of it.
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    f"--disable-features={','.join(_FEATURES_OFF)}",
)


def program() -> str:
    """Where this machine has it; StopIteration where it has none."""
    return next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))))
