"""The frameworks that Nitro brings, whatever plugins are installed beside it."""

FRAMEWORKS = ("django", "fastapi", "fasthtml", "flask", "litestar", "sanic")
