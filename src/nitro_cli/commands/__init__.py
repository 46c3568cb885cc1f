"""One module a command: `command`, or `app` when it has commands of its own. Imported on use."""
