from shopsync_sandbox.cli import main

main()
