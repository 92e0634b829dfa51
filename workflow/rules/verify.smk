# Verifiers: trained on the study's own samples, right and wrong ones. Their scores filter samples and weigh votes.


def verifier(ask):
    """What the wildcard's verifier says of the wildcard's data set. ask: a function of the verifier and the data set."""
    return lambda wildcards: ask(study.verifiers[wildcards.verifier], wildcards.dataset)


if study.verifiers:

    rule split_solutions:
        input:
            blocks=verifier(lambda one, dataset: one.view(dataset).files("solutions", "verdicts")),
            problems="<results>/problems/{dataset}/train.jsonl",
        output:
            prefixes="<results>/verifiers/{dataset}/{verifier}/prefixes.jsonl",
            counts="<results>/verifiers/{dataset}/{verifier}/prefixes.counts.json",
        log:
            "<logs>/verifiers/{dataset}/{verifier}/split_solutions.log",
        conda:
            "../../envs/analysis.yaml"
        params:
            arm=verifier(lambda one, dataset: one.arm_arguments(dataset)),
            choice=verifier(lambda one, dataset: one.choice(dataset)),
            version=versions.VERIFIER_VERSION,
        shell:
            "python workflow/scripts/split_solutions.py"
            " --problems {input.problems:q}"
            " {params.arm}"
            " {params.choice}"
            " --output {output.prefixes:q}"
            " --counts {output.counts:q}"
            " > {log:q} 2>&1"

    # The pools' own program: a killed job resumes, and an endpoint's samples are charged to its ledger.
    rule complete_steps:
        input:
            problems="<results>/verifiers/{dataset}/{verifier}/prefixes.jsonl",
            prompt=of("dataset", "sampling_prompt"),
            model=verifier(lambda one, dataset: [one.completer.marker] if one.completer.is_downloaded else []),
        output:
            solutions="<results>/verifiers/{dataset}/{verifier}/completions.jsonl",
            about="<results>/verifiers/{dataset}/{verifier}/completions.about.json",
        log:
            "<logs>/verifiers/{dataset}/{verifier}/complete_steps.log",
        conda:
            verifier(lambda one, dataset: one.completer.environment)
        threads: verifier(lambda one, dataset: one.completer.jobs.cpus)
        resources:
            mem_mb=verifier(lambda one, dataset: one.completer.jobs.mem_mb),
            runtime=verifier(lambda one, dataset: one.completer.jobs.runtime),
            gpu=verifier(lambda one, dataset: one.completer.jobs.gpu),
            gpu_model=verifier(lambda one, dataset: one.completer.jobs.gpu_model),
        params:
            model=verifier(lambda one, dataset: one.completer.on(dataset).arguments),
            weights=verifier(lambda one, dataset: one.completer.on(dataset).identity),
            name=verifier(lambda one, dataset: one.completer.name),
            engine=lambda wildcards, output: study.verifiers[wildcards.verifier].completer.engine,
            engine_identity=verifier(lambda one, dataset: one.completer.engine_identity),
            samples=verifier(lambda one, dataset: one.how["completions"]),
            decoding=of("dataset", "decoding"),
            chat=verifier(lambda one, dataset: one.completer.chat),
            version=versions.SAMPLER_VERSION,
        shell:
            "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/sample_solutions.py"
            " --problems {input.problems:q}"
            " --problems-count 1000000000"
            " --samples {params.samples}"
            " --model-name {params.name}"
            " {params.model}"
            " {params.engine[arguments]}"
            " --prompt {input.prompt:q}"
            " {params.decoding}"
            " {params.chat}"
            " --output {output.solutions:q}"
            " --about {output.about:q}"
            f" --drafts {study.results}/.drafts"
            " > {log:q} 2>&1"

    use rule grade_solutions as grade_steps with:
        input:
            problems="<results>/verifiers/{dataset}/{verifier}/prefixes.jsonl",
            solutions="<results>/verifiers/{dataset}/{verifier}/completions.jsonl",
        output:
            "<results>/verifiers/{dataset}/{verifier}/completions.verdicts.jsonl",
        log:
            "<logs>/verifiers/{dataset}/{verifier}/grade_steps.log",

    rule label_solutions:
        input:
            blocks=verifier(lambda one, dataset: one.view(dataset).files("solutions", "verdicts")),
            problems="<results>/problems/{dataset}/train.jsonl",
            prompt=verifier(lambda one, dataset: one.prompt),
            completions=verifier(lambda one, dataset: one.completions(dataset)),
        output:
            data="<results>/verifiers/{dataset}/{verifier}/training.jsonl",
            digest="<results>/verifiers/{dataset}/{verifier}/training.sha256",
            counts="<results>/verifiers/{dataset}/{verifier}/training.counts.json",
        log:
            "<logs>/verifiers/{dataset}/{verifier}/label_solutions.log",
        conda:
            "../../envs/analysis.yaml"
        params:
            arm=verifier(lambda one, dataset: one.arm_arguments(dataset)),
            choice=verifier(lambda one, dataset: one.choice(dataset)),
            labelling=verifier(lambda one, dataset: one.labelling),
            completions=lambda wildcards, input: (
                f"--completions {shlex.quote(input.completions[0])}" if input.completions else ""
            ),
            version=versions.VERIFIER_VERSION,
        shell:
            "python workflow/scripts/label_solutions.py"
            " --problems {input.problems:q}"
            " {params.arm}"
            " {params.choice}"
            " {params.labelling}"
            " --prompt {input.prompt:q}"
            " {params.completions}"
            " --output {output.data:q}"
            " --digest {output.digest:q}"
            " --counts {output.counts:q}"
            " > {log:q} 2>&1"

    rule train_verifier:
        input:
            data=ancient("<results>/verifiers/{dataset}/{verifier}/training.jsonl"),
            digest="<results>/verifiers/{dataset}/{verifier}/training.sha256",
            model=verifier(lambda one, dataset: [one.marker] if one.is_downloaded else []),
        output:
            directory("<results>/verifiers/{dataset}/{verifier}/model"),
        log:
            "<logs>/verifiers/{dataset}/{verifier}/train_verifier.log",
        conda:
            "../../envs/deepspeed.yaml"
        threads: verifier(lambda one, dataset: one.training.cpus)
        resources:
            mem_mb=verifier(lambda one, dataset: one.training.mem_mb),
            runtime=verifier(lambda one, dataset: one.training.runtime),
            nodes=verifier(lambda one, dataset: one.training.nodes),
            gpu=verifier(lambda one, dataset: one.training.gpu),
            gpu_model=verifier(lambda one, dataset: one.training.gpu_model),
            mpi=verifier(lambda one, dataset: one.training.mpi),
            tasks=verifier(lambda one, dataset: one.training.tasks),
            tasks_per_gpu=verifier(lambda one, dataset: one.training.tasks_per_gpu),
        params:
            model=verifier(lambda one, dataset: one.on(dataset).arguments),
            weights=verifier(lambda one, dataset: one.on(dataset).identity),
            recipe=verifier(lambda one, dataset: one.training_options(dataset)),
            launch=lambda wildcards, output: study.verifiers[wildcards.verifier].launch,
            version=versions.TRAINING_VERSION,
        shell:
            "processes={params.launch[processes]};"
            " HF_HUB_OFFLINE=1 OMP_NUM_THREADS=$((({threads} + processes - 1) / processes))"
            " {params.launch[command]} workflow/scripts/finetune_model.py"
            " --data {input.data:q}"
            " {params.model}"
            " {params.recipe}{params.launch[options]}"
            " --output {output:q}"
            f" --drafts {study.results}/.drafts"
            " > {log:q} 2>&1"

    rule verify_solutions:
        input:
            verifier="<results>/verifiers/{dataset}/{verifier}/model",
            problems="<results>/problems/{dataset}/train.jsonl",
            solutions="<results>/solutions/{dataset}/{model}/{block}.jsonl",
            prompt=verifier(lambda one, dataset: one.prompt),
        output:
            scores="<results>/verifications/{dataset}/{verifier}/{model}/{block}.jsonl",
            about="<results>/verifications/{dataset}/{verifier}/{model}/{block}.about.json",
        log:
            "<logs>/verifications/{dataset}/{verifier}/{model}/{block}.log",
        conda:
            "../../envs/deepspeed.yaml"
        threads: verifier(lambda one, dataset: one.jobs.cpus)
        resources:
            mem_mb=verifier(lambda one, dataset: one.jobs.mem_mb),
            runtime=verifier(lambda one, dataset: one.jobs.runtime),
            gpu=verifier(lambda one, dataset: one.jobs.gpu),
            gpu_model=verifier(lambda one, dataset: one.jobs.gpu_model),
        params:
            checkpoint=verifier(lambda one, dataset: one.checkpoint(dataset)),
            asking=verifier(lambda one, dataset: one.asking),
            problems=f"{study.results}/problems/{{dataset}}/train.jsonl",
            texts=lambda wildcards, input: f"--solutions {shlex.quote(input.solutions)}",
            working=lambda wildcards, output: study.verifiers[wildcards.verifier].working,
            version=versions.VERIFIER_VERSION,
        shell:
            "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.working[python]} workflow/scripts/verify_solutions.py"
            " --verifier {params.checkpoint}"
            " {params.asking}"
            " --prompt {input.prompt:q}"
            " --problems {params.problems}"
            " {params.texts}"
            " {params.working[arguments]}"
            " --output {output.scores:q}"
            " --about {output.about:q}"
            f" --drafts {study.results}/.drafts"
            " > {log:q} 2>&1"

    # The sampled answers of a finetuned model, for votes that are weighed by scores.
    use rule verify_solutions as verify_answers with:
        input:
            verifier="<results>/verifiers/{dataset}/{verifier}/model",
            problems="<results>/problems/{dataset}/evaluation.sha256",
            solutions="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/answers.jsonl",
            prompt=verifier(lambda one, dataset: one.prompt),
        output:
            scores="<results>/verified_answers/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/{verifier}.jsonl",
            about="<results>/verified_answers/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/{verifier}.about.json",
        log:
            "<logs>/verified_answers/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/{verifier}.log",
        params:
            problems=lambda wildcards: study.datasets[wildcards.dataset].sampled_problems,
            texts=lambda wildcards, input: f"--answers {shlex.quote(input.solutions)}",

    # How well verifiers tell right answers from wrong ones, and sound ones from false positives.
    rule measure_verifiers:
        input:
            study.verified_files,
        output:
            "<results>/{part}tables/verifiers.csv",
        log:
            "<logs>/{part}tables/measure_verifiers.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        params:
            results=study.results,
            blocks=study.verified_blocks,
            code=code_of("measure_verifiers"),
        shell:
            "python workflow/scripts/measure_verifiers.py"
            " --results {params.results}"
            " --blocks {params.blocks}"
            " --output {output:q}"
            " > {log:q} 2>&1"
