# SPDX-License-Identifier: MIT
"""analyse, groundstate and regenerate on published relaxations, side by side with ShakeNBreak: CSV, YAML, structures
and folders equal."""
import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

SHARED = os.path.join(os.environ.get("SHAKEDOWN_SHARED", "../shared"), "data", "snb")
SHAKEDOWN = os.path.abspath(os.environ.get("SHAKEDOWN", "./shakedown"))
failed = False


def say(good, what):
    global failed
    failed = failed or not good
    print(("ok   " if good else "FAIL ") + what)


def trees(root):
    shutil.copytree(f"{SHARED}/MgO_Mg_O", f"{root}/mgo")
    shutil.copytree(f"{SHARED}/CdTe_v_Cd_0", f"{root}/cdte/v_Cd_0")
    subprocess.run(["chmod", "-R", "u+w", root], check=True)
    os.rename(f"{root}/cdte/v_Cd_0/energies.yaml", f"{root}/cdte/v_Cd_0/v_Cd_0.yaml")


def outputs(root):
    """OUTCARs with the published energies, so that there is something to parse."""
    import yaml

    for name in ["Mg_O_0", "Mg_O_+4"]:
        with open(f"{root}/mgo/{name}/{name}.yaml", encoding="utf8") as f:
            energies = yaml.safe_load(f)
        os.remove(f"{root}/mgo/{name}/{name}.yaml")
        for label, energy in [*energies["distortions"].items(), ("Unperturbed", energies["Unperturbed"])]:
            folder = label if isinstance(label, str) else f"Bond_Distortion_{round(label * 100, 1) + 0}%"
            with open(f"{root}/mgo/{name}/{folder}/OUTCAR", "w", encoding="utf8") as f:
                f.write(f"  energy  without entropy=     {energy}  energy(sigma->0) =     {energy}\n")
                f.write(" reached required accuracy - stopping structural energy minimisation\n")


def theirs(root, species):
    from shakenbreak import analysis
    from shakenbreak import energy_lowering_distortions as eld
    from shakenbreak import io as snb_io

    for folder, name in species:
        snb_io.parse_energies(name, f"{root}/{folder}")
        structures = analysis.get_structures(defect_species=name, output_path=f"{root}/{folder}")
        energies = analysis.get_energies(defect_species=name, output_path=f"{root}/{folder}", verbose=False)
        analysis.compare_structures(structures, energies).to_csv(f"{root}/{folder}/{name}/{name}.csv")
    # their answer depends on the order of the states: in that of energy gained
    eld.get_energy_lowering_distortions({"Mg_O": [3, 4, 2, 0, 1]}, output_path=f"{root}/mgo", write_input_files=True)
    eld.write_groundstate_structure(output_path=f"{root}/cdte", groundstate_folder="Groundstate",
                                    groundstate_filename="POSCAR")


def read(path):
    with open(path, encoding="utf8") as f:
        return f.read()


def imports(root):
    return sorted(f"{d}/{e}" for d in os.listdir(f"{root}/mgo") if os.path.isdir(f"{root}/mgo/{d}")
                  for e in os.listdir(f"{root}/mgo/{d}") if "_from_" in e)


def compare_csv(name, ours, theirs):
    other = [pair for pair in zip(ours.splitlines(), theirs.splitlines()) if pair[0] != pair[1]]
    say(ours == theirs, f"{name}.csv: {ours.count(chr(10)) - 1} rows equal")
    for pair in other:
        print(f"     {pair[0]} here, {pair[1]} there")


def main():
    if not os.path.isdir(SHARED):
        print("ok   skipped: no published relaxations here")
        return
    warnings.simplefilter("ignore")
    species = [("cdte", "v_Cd_0")] + [("mgo", f"Mg_O_{q}") for q in ("0", "+1", "+2", "+3", "+4")]
    with tempfile.TemporaryDirectory() as work:
        a, b = f"{work}/a", f"{work}/b"
        for root in (a, b):
            trees(root)
            outputs(root)
        for arguments in (["analyse", "mgo"], ["analyse", "cdte"], ["regenerate", "mgo"], ["groundstate", "cdte"]):
            subprocess.run([SHAKEDOWN, *arguments], cwd=a, check=True, stdout=subprocess.DEVNULL)
        with contextlib.redirect_stdout(io.StringIO()):
            theirs(b, species)
        for folder, name in species:
            path = f"{folder}/{name}/{name}"
            say(read(f"{a}/{path}.yaml") == read(f"{b}/{path}.yaml"), f"{name}.yaml equal")
            compare_csv(name, read(f"{a}/{path}.csv"), read(f"{b}/{path}.csv"))
        say(imports(a) == imports(b) and len(imports(a)) == 5, f"the same new starts: {' '.join(imports(a))}")
        ground = "cdte/v_Cd_0/Groundstate/POSCAR"
        say(read(f"{a}/{ground}") == read(f"{b}/{ground}"), "the same ground state")


main()
sys.exit(failed)
