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
    database_url: str = "sqlite:///shop.db"
    debug: bool = False


settings = Settings()


def configure_database() -> None:
    """Points the entities at the database; its tables are made by migrations alone."""
    configure(database=settings.database_url, create_tables=False)


configure_database()

# What Django itself reads: https://docs.djangoproject.com/en/stable/ref/settings/
SECRET_KEY = settings.secret_key.get_secret_value()
DEBUG = settings.debug
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]  # add the names under which people find the site
ROOT_URLCONF = "shop.urls"
TIME_ZONE = "UTC"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "nitro_runtime.adapters.django.NitroMiddleware",
]
NITRO = {"static": STATIC, "csp": True}
