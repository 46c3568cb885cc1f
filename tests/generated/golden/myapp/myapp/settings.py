"""Settings, from the environment; in development `.env` fills in what is not set."""

from pathlib import Path

from dotenv import load_dotenv
from nitro import configure
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGE = Path(__file__).parent
STATIC = PACKAGE / "static"

load_dotenv(PACKAGE.parent / ".env")  # Nitro itself reads some of it, such as NITRO_BROKER_URL


class Settings(BaseSettings):
    """Every setting is the environment variable of its name with `NITRO_` in front."""

    model_config = SettingsConfigDict(env_prefix="NITRO_")

    secret_key: SecretStr = SecretStr("")
    database_url: str = "sqlite:///myapp.db"


settings = Settings()


def configure_database() -> None:
    """Points the entities at the database; its tables are made by migrations alone."""
    configure(database=settings.database_url, create_tables=False)
