from fastapi import FastAPI

from nitro_runtime.adapters.fastapi import install, mount
from nitro_runtime.testing.web_app import ROUTES, STATIC, user

app = FastAPI()
install(app, static=STATIC, user=user)
mount(app, ROUTES)
