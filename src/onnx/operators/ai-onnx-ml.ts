// Operators of ai.onnx.ml up to opset 5. Generated from the onnx package 1.23.1 (onnx.defs.get_all_schemas_with_history).
// A line is an operator and the opsets that defined it anew, each as opset[:inputs:outputs[:required attributes]];
// a bare opset keeps the counts of the one before, a minus sign marks the opset that deprecated the operator.

export const AI_ONNX_ML = `
ArrayFeatureExtractor 1:2:1
Binarizer 1:1:1
CastMap 1:1:1
CategoryMapper 1:1:1
DictVectorizer 1:1:1
FeatureVectorizer 1:1-*:1
Imputer 1:1:1
LabelEncoder 1:1:1 2 4
LinearClassifier 1:1:2:coefficients
LinearRegressor 1:1:1
Normalizer 1:1:1
OneHotEncoder 1:1:1
SVMClassifier 1:1:2
SVMRegressor 1:1:1
Scaler 1:1:1
TreeEnsemble 5:1:1:leaf_targetids,leaf_weights,nodes_falseleafs,nodes_falsenodeids,nodes_featureids,nodes_modes,nodes_splits,nodes_trueleafs,nodes_truenodeids,tree_roots
TreeEnsembleClassifier 1:1:2 3 -5
TreeEnsembleRegressor 1:1:1 3 -5
ZipMap 1:1:1
`
