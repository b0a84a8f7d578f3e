// Runs a TensorFlow.js graph model with TensorFlow.js itself, on its plain JavaScript backend.
//
//     node run_tfjs.js TF.js MODEL.json INPUT.f32 OUTPUT.f32 DIMS NAME...
//
// INPUT.f32 is the first input as raw floats in the dimensions DIMS (1x512x512x3); the named outputs are written one
// after the other as raw floats, and how many values each has goes to standard output as a JSON array.
'use strict';
const fs = require('fs');
const path = require('path');

const [library, modelPath, inputPath, outputPath, dims, ...names] = process.argv.slice(2);
const tf = require(path.resolve(library));

function bytesOf(file) {
	const buffer = fs.readFileSync(file);
	return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length);
}

// The model as TensorFlow.js wants it handed over, from files instead of the network.
function loadFromFiles() {
	const model = JSON.parse(fs.readFileSync(modelPath));
	const folder = path.dirname(modelPath);
	const parts = model.weightsManifest.flatMap((group) => group.paths);
	return {
		modelTopology: model.modelTopology,
		format: model.format,
		signature: model.signature,
		weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
		weightData: new Uint8Array(Buffer.concat(parts.map((part) => fs.readFileSync(path.join(folder, part))))).buffer,
	};
}

async function main() {
	await tf.setBackend('cpu');
	await tf.ready();
	const model = await tf.loadGraphModel({ load: async () => loadFromFiles() });
	const values = new Float32Array(bytesOf(inputPath));
	const input = tf.tensor(values, dims.split('x').map(Number), model.inputs[0].dtype);
	const outputs = model.execute(input, names);
	const written = (Array.isArray(outputs) ? outputs : [outputs]).map((output) => {
		const values = Float32Array.from(output.dataSync());
		return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
	});
	fs.writeFileSync(outputPath, Buffer.concat(written));
	console.log(JSON.stringify(written.map((output) => output.length / 4)));
}

main().catch((error) => {
	console.error(String(error));
	process.exit(1);
});
