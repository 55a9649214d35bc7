from shopsync_cli.app import app

app(prog_name="shopsync")
