from rich.table import Table


def table(title: str, *columns: str) -> Table:
    """A table whose columns are numbers, except the first."""
    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    return made
