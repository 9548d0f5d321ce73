"""What closes a place, in words: for staff, and for who wants to go there."""

from passes.errors import N_

KIND_NAMES = {
    "river_level": N_("high or low river"),
    "wind": N_("strong wind"),
    "lightning": N_("lightning"),
    "forest_fire_ban": N_("forest fire ban"),
    "flood_alert": N_("flood alert"),
    "rain_landslide_alert": N_("rain or landslide alert"),
    "venue_closed": N_("the whole place is closed"),
    "venue_full": N_("the place is full"),
}
NOTICES = {
    "river_level": N_("What depends on the level of the river is closed now."),
    "wind": N_("Strong wind: what depends on it is closed now."),
    "lightning": N_("Lightning: what depends on it is closed now."),
    "forest_fire_ban": N_("Forest fire ban: what depends on it is closed now."),
    "flood_alert": N_("Flood alert: what depends on it is closed now."),
    "rain_landslide_alert": N_("Rain or landslide alert: what depends on it is closed now."),
    "venue_closed": N_("This place is closed now."),
    "venue_full": N_("This place is full now. Come later."),
}
