"""Jobs of shops: a durable queue in MongoDB, and the worker that runs one per shop at a time."""

from shopsync_runtime.jobs.documents import UNFINISHED, JobDocuments
from shopsync_runtime.jobs.worker import ShopJobs, ShopWorker, WorkerOptions

__all__ = ["UNFINISHED", "JobDocuments", "ShopJobs", "ShopWorker", "WorkerOptions"]
