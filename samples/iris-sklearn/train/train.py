"""Trains one classifier of scikit-learn and writes the model, its metrics and what it said of the test set."""

import argparse
import json
import os

import joblib
import pandas as pd
from azureml.core import Run
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CLASSIFIERS = {
    "nearest-neighbours": (KNeighborsClassifier(), {"kneighborsclassifier__n_neighbors": list(range(3, 26, 2))}),
    "logistic-regression": (LogisticRegression(max_iter=1000), {"logisticregression__C": [0.01, 0.1, 1.0, 10.0, 100.0]}),
}

parser = argparse.ArgumentParser()
parser.add_argument("--classifier", choices=sorted(CLASSIFIERS), required=True)
parser.add_argument("--prepared", required=True, help="folder with train.csv and test.csv")
parser.add_argument("--model", required=True, help="folder for what is learnt")
args = parser.parse_args()

run = Run.get_context()
run.tag("classifier", args.classifier)

train = pd.read_csv(os.path.join(args.prepared, "train.csv"))
test = pd.read_csv(os.path.join(args.prepared, "test.csv"))
features = [column for column in train.columns if column != "species"]

classifier, choices = CLASSIFIERS[args.classifier]
search = GridSearchCV(make_pipeline(StandardScaler(), classifier), choices, scoring="neg_log_loss", cv=5)
search.fit(train[features], train["species"])
parameter, values = next(iter(choices.items()))
for value, loss in zip(values, -search.cv_results_["mean_test_score"]):
    run.log("cross_validated_log_loss", loss)
    print("{} = {}: log loss {:.4f}".format(parameter, value, loss), flush=True)

predicted = search.predict(test[features])
metrics = {
    "accuracy": float(accuracy_score(test["species"], predicted)),
    "log_loss": float(log_loss(test["species"], search.predict_proba(test[features]), labels=search.classes_)),
}
for name, value in metrics.items():
    run.log(name, value)
print("{}: test accuracy {accuracy:.3f}, log loss {log_loss:.4f}".format(search.best_params_, **metrics))

os.makedirs(args.model, exist_ok=True)
joblib.dump(search.best_estimator_, os.path.join(args.model, "model.joblib"))
test.assign(predicted=predicted).to_csv(os.path.join(args.model, "predictions.csv"), index=False)
with open(os.path.join(args.model, "metrics.json"), "w") as file:
    json.dump({"classifier": args.classifier, "parameters": search.best_params_, **metrics}, file, indent=2)
