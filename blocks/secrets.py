"""Reading a secret from a variable or a file, and never showing it."""

from __future__ import annotations

from typing import Literal

from blocks.environment import name_variable, read_environment
from blocks.errors import UsageError

Secret = Literal["database_password", "slack_webhook", "slack_token", "api_key", "reports_password"]


class SecretError(UsageError):
    """A secret was given in a way that cannot be used. The message never holds it."""


def read_secret(name: Secret) -> str | None:
    """The value of the secret's variable, else the content of the file that VARIABLE_FILE names; None without either.

    Raises SecretError where the file cannot be read.
    """
    environment = read_environment()
    value, file = getattr(environment, name), getattr(environment, f"{name}_file")
    if value is not None:
        return str(value.get_secret_value())
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        variable = name_variable(name)
        raise SecretError(f"The file {file} that {variable}_FILE names cannot be read ({reason}).") from None
