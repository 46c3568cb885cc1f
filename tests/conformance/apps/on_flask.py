from flask import Flask

from nitro_runtime.adapters.flask import install, mount
from nitro_runtime.testing.web_app import ROUTES, STATIC, user

app = Flask(__name__)
install(app, static=STATIC, user=user)
mount(app, ROUTES)
