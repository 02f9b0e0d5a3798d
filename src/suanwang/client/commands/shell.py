"""`suan completion bash|zsh|fish`: prints what a shell needs to complete `suan`."""

from __future__ import annotations

from typing import Annotated

import typer

from suanwang.client.errors import ShellUnknown

SHELLS = ("bash", "zsh", "fish")
_HELP = "Print what a shell needs to complete suan: bash, zsh or fish."
app = typer.Typer(
    help=_HELP, rich_markup_mode=None, add_completion=False, invoke_without_command=True
)


@app.callback()
def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", show_default=False)],
) -> None:
    """Print what a shell needs to complete suan: bash, zsh or fish."""
    if shell not in SHELLS:
        raise ShellUnknown(known=", ".join(SHELLS), found=shell)
    # Late: only this command needs it.
    from typer import completion as typers  # noqa: PLC0415

    script = typers.get_completion_script(  # type: ignore[attr-defined]  # not listed, but there
        prog_name="suan", complete_var="_SUAN_COMPLETE", shell=shell
    )
    typer.echo(script)


def prepare_completion() -> None:
    """Let Typer answer the shell's questions."""
    # Late: only a shell that completes needs it.
    from typer import completion as typers  # noqa: PLC0415

    typers.completion_init()  # type: ignore[attr-defined]  # not listed, but there
