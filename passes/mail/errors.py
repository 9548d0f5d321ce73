"""What a way of sending says of one letter."""


class NeverDelivered(Exception):
    """This letter can never arrive as it is: trying again would be no use."""
