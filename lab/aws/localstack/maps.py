"""What LocalStack's interpreter does not know of a Distributed Map in JSONata, and what it leaves to do."""

import json

from localstack.services.stepfunctions.asl.component.common.parargs import Parameters
from localstack.services.stepfunctions.asl.component.state.state_execution.state_map.result_writer.resource_eval.resource_eval_s3 import (
    ResourceEvalS3,
)
from localstack.services.stepfunctions.asl.parse.asl_parser import AmazonStateLanguageParser
from localstack.services.stepfunctions.asl.parse.preprocessor import Preprocessor

parse = AmazonStateLanguageParser.parse
put_manifest = ResourceEvalS3._handle_put_object


def understood(state):
    """A state in words that its grammar has."""
    if not isinstance(state, dict) or state.get("Type") != "Map" or "ToleratedFailurePercentage" not in state:
        return state
    writer, processor = dict(state["ResultWriter"]), state["ItemProcessor"]
    writer["Parameters"] = writer.pop("Arguments")
    config = {**processor["ProcessorConfig"], "ExecutionType": "STANDARD"}
    percentage = "{% " + str(state["ToleratedFailurePercentage"]) + " %}"
    return {
        **state,
        "ItemProcessor": {**processor, "ProcessorConfig": config},
        "ResultWriter": writer,
        "ToleratedFailurePercentage": percentage,
    }


def parse_understood(definition):
    try:
        machine = json.loads(definition, object_hook=understood)
    except ValueError:
        return parse(definition)
    return parse(json.dumps(machine))


def put_results(env, resource_runtime_part, state_credentials):
    """Its own puts a manifest of no results: here they are, as AWS writes them."""
    parameters, outputs = env.stack[-1], env.stack[-2]
    put_manifest(env, resource_runtime_part, state_credentials)
    details = env.stack[-1]["ResultWriterDetails"]
    s3 = ResourceEvalS3._get_s3_client(resource_runtime_part, state_credentials)
    run = env.stack[-1]["MapRunArn"]
    results = [{"ExecutionArn": run, "Status": "SUCCEEDED", "Output": json.dumps(output)} for output in outputs]
    key = details["Key"].replace("manifest.json", "SUCCEEDED_0.json")
    s3.put_object(Bucket=details["Bucket"], Key=key, Body=json.dumps(results))
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": key, "Size": len(json.dumps(results))}]}
    manifest = {"DestinationBucket": parameters["Bucket"], "MapRunArn": run, "ResultFiles": files}
    s3.put_object(Bucket=details["Bucket"], Key=details["Key"], Body=json.dumps(manifest))


def complete():
    AmazonStateLanguageParser.parse = staticmethod(parse_understood)
    # A ResultWriter has Parameters for it, also in JSONata.
    Preprocessor.visitParameters_decl = lambda self, ctx: Parameters(payload_tmpl=self.visit(ctx.payload_tmpl_decl()))
    ResourceEvalS3._handle_put_object = staticmethod(put_results)
