"""Addresses of a running demo and lines to try on it."""

import shlex

from shopsync_rehearsals.demo.keeping import pid_file, start_file
from shopsync_rehearsals.demo.merchant import Login
from shopsync_rehearsals.demo.stack import SHOP, Stack


def addresses(stack: Stack, login: Login) -> str:
    """Text for the terminal: the console with its account, where everything is, lines ready to be pasted."""
    installation = stack.installation
    kafka, prefix = installation.kafka_bootstrap, installation.topic_prefix
    services = "\n".join(f"  {name:<12}{service.url}/readyz  /metrics" for name, service in stack.services.items())
    urls = {f"SHOPSYNC_{name.upper()}_URL": stack.services[name].url for name in ("publisher", "console")}
    settings = {**stack.environment, **urls}
    exports = "\n".join(f"  export {name}={shlex.quote(value)}" for name, value in sorted(settings.items()))
    return f"""
running until Ctrl-C. Go on as the merchant, in a browser on this machine:
  {stack.services["console"].url}   e-mail {login.email}   password {login.password}

where everything is:
  Kafka       {kafka}
  MongoDB     {installation.mongo_uri}  (database {installation.database})
  futureshop  {stack.futureshop["url"]}/_sandbox/
  TikTok Shop {stack.tiktok["url"]}/_sandbox/summary
{services}
  logs        {stack.folder}

look at it:
  kcat -b {kafka} -L
  kcat -b {kafka} -t {prefix}.catalog-products.v1 -C -e -q -f '%k %s\\n' | head
  kcat -b {kafka} -t {prefix}.reports.v1 -C -e -q | tail -3
  kcat -b {kafka} -t {prefix}.dead-letters.v1 -C -e -q -f '%h %s\\n'

for the shopsync command:
{exports}

kill a service, and start it again with the same settings (any of the names above):
  kill -9 $(cat {pid_file(stack.folder, "catalog")})
  touch {start_file(stack.folder, "catalog")}

look and act with it:
  .venv/bin/shopsync products summary
  .venv/bin/shopsync products --shop {SHOP} --status incomplete
  .venv/bin/shopsync lag
  .venv/bin/shopsync sync {SHOP} --wait

the same with kcat (the partitioner must be the Java client's):
  .venv/bin/shopsync events example sync.requested | tr -d '\\n' \\
    | kcat -b {kafka} -t {prefix}.sync-commands.v1 -P -k {SHOP} -X topic.partitioner=murmur2_random
"""
