from shopsync_ops.cli import app

app(prog_name="shopsync")
