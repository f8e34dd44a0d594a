"""The exceptions of v1 that a step script may want to catch."""


class AzureMLException(Exception):
    """Base of all errors of this package. ``message`` is the text."""

    def __init__(self, message=""):
        super().__init__(message)
        self.message = message


class UserErrorException(AzureMLException):
    """The call itself is not right; calling again will not help."""


class RunEnvironmentException(UserErrorException):
    """There is no run here: the script does not run as a step."""


class UnsupportedError(UserErrorException, AttributeError):
    """A name of v1 that Penstock's step runtime does not offer. The message says what to use instead."""


class ServiceException(AzureMLException):
    """The Penstock API said no, or could not be reached. ``status_code`` is its HTTP status; None if there was no answer."""

    def __init__(self, message="", status_code=None):
        super().__init__(message)
        self.status_code = status_code
