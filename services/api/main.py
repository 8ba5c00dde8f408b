"""ASGI entry of ``api``: every route that is not a function of its own."""

from services.api.application import application

api = application()
