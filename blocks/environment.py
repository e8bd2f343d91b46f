"""Every LOANWATCH_… variable that loanwatch reads, once: its name, its type, its default, and what it means."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from blocks.errors import UsageError

PREFIX = "LOANWATCH_"


class EnvironmentVariableError(UsageError):
    """A variable holds what cannot be used. The message does not repeat a secret."""


class Environment(BaseSettings):
    """The variables as they are now. An empty one is not set; a secret never shows itself."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(Path(".loanwatch"), description="Folder of the embedded PostgreSQL.")
    database_url: SecretStr | None = Field(None, description="postgresql:// URL of the lender's database.")
    replica_url: SecretStr | None = Field(
        None, description="postgresql:// URL of its replica, from which the workers of a cluster read."
    )
    database_host: str | None = Field(None, description="Server of the database block that `blocks.register` saves.")
    database_port: int = Field(5432, ge=1, le=65535, description="Its port.")
    database_name: str | None = Field(None, description="Its database.")
    database_user: str | None = Field(None, description="The role that logs in.")
    database_password: SecretStr | None = Field(None, description="The role's password.")
    database_sslmode: str | None = Field(None, description="How the connection is secured.")
    database_root_certificate: Path | None = Field(None, description="File with the certificates that are trusted.")
    connect_timeout: int = Field(10, ge=0, description="Whole seconds to wait for a connection.")
    statement_timeout: int = Field(900, ge=0, description="Whole seconds to wait for one statement; 0: for ever.")
    part_mb: float = Field(
        1_200.0, gt=0, description="Megabytes for a window in memory; a larger one is read in parts."
    )
    engine: str | None = Field(
        None, description="Dask scheduler whose workers read or score a window, as tcp://host:8786."
    )
    readers: int = Field(4, ge=1, le=1000, description="How many workers of a cluster read the database at a time.")
    database_password_file: Path | None = Field(None, description="File that holds the password, in place of it.")
    slack_webhook: SecretStr | None = Field(None, description="Address of an incoming webhook.")
    slack_webhook_file: Path | None = Field(None, description="File that holds it, in place of it.")
    slack_token: SecretStr | None = Field(None, description="Token of a bot, in place of a webhook.")
    slack_token_file: Path | None = Field(None, description="File that holds it, in place of it.")
    slack_channel: str | None = Field(None, description="Channel of a bot's messages, such as #loan-alerts.")
    slack_api: str = Field("https://slack.com/api/", description="Address of Slack's API.")
    reports_url: str = Field("", description="Address at which the results folder is served.")
    reports_folder: Path | None = Field(
        None, description="The folder that is served there, set by the worker; pages elsewhere are told by their path."
    )
    reports_password: SecretStr | None = Field(None, description="Password that `deployments.reports` asks for.")
    reports_password_file: Path | None = Field(None, description="File that holds it, in place of it.")
    group_may_read: bool = Field(
        False, description="Whether new folders of results and models are open to their group, too."
    )
    contract: str = Field("loan_applications", description="Contract of the scoring API.")
    policy: Path | None = Field(None, description="Policy file of the scoring API, for its cut-off.")
    api_key: SecretStr | None = Field(None, description="Key that the scoring API asks for.")
    api_key_file: Path | None = Field(None, description="File that holds it, in place of it.")
    pool_type: str = Field("process", description="Type of the work pool that `deployments.setup` makes.")
    pool_image: str | None = Field(None, description="Image of the runs of a pool of containers.")
    pool_networks: str = Field("", description="Their networks, with commas.")
    pool_volumes: str = Field("", description="Their volumes, SOURCE:TARGET[:ro], with commas.")
    pool_variables: str = Field("", description="Their variables, NAME=VALUE, with commas; no secrets.")
    pool_models: str | None = Field(
        None, description="The model store of every deployment, such as s3://bucket/models."
    )


def read_environment() -> Environment:
    """The variables as they are now. Raises EnvironmentVariableError, which names each that cannot be used."""
    try:
        return Environment()
    except ValidationError as error:
        mistakes = [(name_variable(str(mistake["loc"][0])), mistake["msg"]) for mistake in error.errors()]
        lines = [f"{name} cannot be used: {message}." for name, message in mistakes]
        raise EnvironmentVariableError(" ".join(lines)) from None


def name_variable(field: str) -> str:
    """The variable of a field: LOANWATCH_DATABASE_URL for `database_url`."""
    return field if field.startswith(PREFIX) else f"{PREFIX}{field.upper()}"
