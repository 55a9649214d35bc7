from shopsync_cli.cli import app

app(prog_name="shopsync")
