pytest_plugins = ["shopsync_sandbox.testing"]
