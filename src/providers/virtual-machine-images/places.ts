import { API_VERSIONS } from '../../template/model.ts';

export const NAMESPACE = 'Microsoft.VirtualMachineImages';
export const TEMPLATE_TYPE = `${NAMESPACE}/imageTemplates`;
export const TRIGGER_TYPE = `${TEMPLATE_TYPE}/triggers`;

const SUBSCRIPTION = '/subscriptions/{subscriptionId}';
const GROUP = `${SUBSCRIPTION}/resourceGroups/{resourceGroupName}`;

export const TEMPLATES_OF_SUBSCRIPTION = `${SUBSCRIPTION}/providers/${TEMPLATE_TYPE}`;
export const TEMPLATES = `${GROUP}/providers/${TEMPLATE_TYPE}`;
export const TEMPLATE = `${TEMPLATES}/{imageTemplateName}`;
export const RUN_OUTPUTS = `${TEMPLATE}/runOutputs`;
export const RUN_OUTPUT = `${RUN_OUTPUTS}/{runOutputName}`;
export const TRIGGERS = `${TEMPLATE}/triggers`;
export const TRIGGER = `${TRIGGERS}/{triggerName}`;

/** The newest first, previews among them: `az` takes the first that is none. */
export const VERSIONS: readonly string[] = [...API_VERSIONS].reverse();
