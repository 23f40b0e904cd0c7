"""Running functions in several threads at once, for the tests of threads."""

import threading


def run(jobs):
    """Runs functions in a thread each, all starting together; type and text of the errors raised, by their place."""
    errors = {}
    start = threading.Barrier(len(jobs))

    def work(i, job):
        start.wait()
        try:
            job()
        except Exception as error:
            errors[i] = type(error).__name__, str(error)

    threads = [threading.Thread(target=work, args=(i, job)) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
