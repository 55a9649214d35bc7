pytest_plugins = ["shopsync_testkit.pytest_plugin", "query_plans", "whole_system", "reliability"]
