"""What the Snakefile starts from: the config with its defaults, the study, and what is made of it."""

import gc

from yetbetter.errors import UserError
from yetbetter.figures.registry import KINDS
from yetbetter.program import prefer_own_environment
from yetbetter.report.made import Made
from yetbetter.study.checks import check_config
from yetbetter.study.command_line import blamed
from yetbetter.study.study import Study


def load(workflow, config: dict) -> tuple[dict, Study, Made]:
    """The config with its defaults, the study and what it makes; UserError names the file or `--config`.

    One function, since Snakemake copies every global name of the Snakefile several times for each job. workflow:
    Snakemake's, which knows where the values of the config are from.
    """
    prefer_own_environment()
    given = workflow.config_settings.config
    name = ", ".join(map(str, workflow.overwrite_configfiles)) or "config/config.yaml"
    schema = f"{workflow.basedir}/workflow/schemas/config.schema.yaml"
    try:
        study = Study(check_config(config, schema, name, KINDS, given), name)
    except UserError as error:
        raise UserError(blamed(str(error), name, given)) from None
    made = Made(study)
    # What is loaded by now stays: the collector need not look at it again while a large grid's jobs are made.
    gc.freeze()
    return study.config, study, made
