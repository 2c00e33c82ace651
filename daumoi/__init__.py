"""daumoi: the hub of an epidemic response, where records come in once, are unified, and go out to those entitled."""

__version__ = "0.1.0"
