# The paper's claims put to the test on the cells at hand.

from yetbetter.claim_roles import roles_of

CLAIMS_CODE = code_of(
    *("check_claims", "claim_comparisons", "claim_evidence", "claim_power", "claim_rules", "claim_study"),
    *("claim_tables", "claim_verdicts", "comparisons", "contrasts", "distributions", "published_evidence"),
)


rule check_claims:
    input:
        rules="workflow/claims.yaml",
        published="resources/published_numbers.csv",
        scores=cell_scores,
        questions=lambda wildcards: expand("<results>/metrics/{arm}.questions.csv", arm=PARTS[wildcards.part].arm_names),
    output:
        claims="<results>/{part}tables/claims.csv",
        comparisons="<results>/{part}tables/claim_comparisons.csv",
    log:
        "<logs>/{part}tables/check_claims.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        roles=shlex.quote(json.dumps(roles_of(config))),
        scores=lambda wildcards: f"{RESULTS}/scores",
        cells=cell_paths,
        metrics=lambda wildcards: f"{RESULTS}/metrics",
        arms=lambda wildcards: PARTS[wildcards.part].arm_names,
        code=CLAIMS_CODE,
    shell:
        "python workflow/scripts/check_claims.py"
        " --rules {input.rules}"
        " --published {input.published}"
        " --roles {params.roles}"
        " --scores {params.scores}"
        " --cells {params.cells}"
        " --metrics {params.metrics}"
        " --arms {params.arms}"
        " --output {output.claims}"
        " --comparisons {output.comparisons}"
        " > {log} 2>&1"


rule draw_claims:
    input:
        claims="<results>/{part}tables/claims.csv",
        comparisons="<results>/{part}tables/claim_comparisons.csv",
    output:
        pdf="<results>/{part}figures/claims.pdf",
        png=report(
            "<results>/{part}figures/claims.png",
            caption="../report/claims.rst",
            category="Claims",
            labels={"figure": "claims"},
        ),
    log:
        "<logs>/{part}figures/claims.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code_of("draw_claims", "plots_claims", "claim_tables", *PLOTS),
    shell:
        "python workflow/scripts/draw_claims.py"
        " --table {input.claims}"
        " --comparisons {input.comparisons}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"
